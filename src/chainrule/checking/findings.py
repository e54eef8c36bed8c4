"""INTERIM"""
from chainrule.checking.verdict import Finding
def findings_of(case, repair, sources):
    p=case.program; out=[]
    for e in repair.edits:
        s=p.sites[e.call] if e.call is not None else p.site(e.step)
        out.append(Finding(sources[s.file].path.name,s.line,e.mistake,'','',None,repair.proved))
    return out or [Finding(sources[0].path.name,None,'unknown','','',None,False)]
