"""Commands inside an instance whose engine has no way in: isobench's init is the agent, the channel its line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from isobench.errors import SampleError
from isobench.guest import commands
from isobench.targets.abilities import UnableError
from isobench.targets.life import Life

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_FIRST_RUN = 1_000_000
"""Beyond the numbers of any workload's runs."""
_PATIENCE = 30.0


class ByAgent(Life):
    """An instance that init runs commands in."""

    executor = "isobench's init, asked over the channel"
    _run = _FIRST_RUN

    def execute(self, argv: Sequence[str]) -> int:
        """Have init run a command; return when its first byte arrived. Raises UnableError where it cannot."""
        self._run += 1
        self.channel.send(commands.run(self._run, argv, env={"PATH": _PATH}))
        try:
            return self.channel.wait_output(self._run, re.compile(rb"(?s)."), _PATIENCE)
        except SampleError as error:
            if error.outcome != "failed":
                raise
            raise UnableError(f"the image cannot run {argv[0]}: {error.message}") from error
