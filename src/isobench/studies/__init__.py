"""Studies: experiments on a cell other than one instance that does its jobs; each is a plug-in (``study.py``)."""

from isobench.studies.study import GROUP, Stage, Study, find, studies

__all__ = ["GROUP", "Stage", "Study", "find", "studies"]
