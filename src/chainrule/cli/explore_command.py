"""chainrule explore: a problem as one page to play with, opened in the browser or written to a file."""

import argparse

from chainrule.cli.messages import DONE, note


def explore_command(options: argparse.Namespace) -> int:
    from pathlib import Path

    from chainrule.cli.files import as_bytes, require_writable, write_whole
    from chainrule.explorer import explore_problem
    from chainrule.textbook import read_problem

    output = None if options.output is None else Path(options.output)
    if output is not None:
        require_writable(output, options.force)
    page = as_bytes(explore_problem(read_problem(options.problem)).html)
    if output is not None:
        write_whole(output, page)
        note(f"wrote {output}")
        return DONE
    open_in_browser(page)
    return DONE


def open_in_browser(page: bytes) -> None:
    """Write the page where it can stay, since a browser reads it after the command has ended."""
    import tempfile
    from pathlib import Path

    with tempfile.NamedTemporaryFile(prefix="chainrule-", suffix=".html", delete=False) as file:
        file.write(page)
    place = Path(file.name)
    if open_page(place.as_uri()):
        note(f"the page is {place}, and opens in the browser; --output page.html keeps it")
    else:
        note(f"no browser was found here; the page is {place}: open it in one, or use --output")


def open_page(url: str) -> bool:
    """Whether a browser took the page. One that runs in the terminal would show none of it."""
    import os
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if type(browser) is webbrowser.GenericBrowser and "BROWSER" not in os.environ:
        return False
    return browser.open(url)
