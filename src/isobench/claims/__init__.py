"""What is commonly claimed of containers and VMs, each claim judged by a session's own figures and facts."""

from isobench.claims.claim import Answer, Claim, Judged
from isobench.claims.judge import claims, judged

__all__ = ["Answer", "Claim", "Judged", "claims", "judged"]
