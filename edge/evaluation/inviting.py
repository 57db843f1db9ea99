"""Inviting a citizen to rate, at whatever evaluator stands at the window; staff, queue or business asks.

A service that was rated twice is not invited again. The order goes to the device, which answers with the
session.
"""

import threading
from collections.abc import Sequence

from edge.commands import Arguments, Commands, Refused
from edge.device.runner import Runner
from edge.evaluation.services import NUMBER_MAX, Services
from edge.words import both

ANSWER_S = 8.0
ORDERS = ("invite", "cancel", "welcome")
UNABLE = "unsupported"
NOT_DONE = {
    UNABLE: "此评价器不能这样做 / this evaluator cannot do that",
    "not stored": "未能保存 / it could not be stored",
    "nothing is asked there": "没有进行中的评价 / nothing is asked there",
    "over": "已结束 / it is over",
    "busy": "正在评价中 / somebody is being asked there",
    "paused": "窗口已暂停 / the window is paused",
    "away": "平板没有连接 / its tablet is not connected",
}
"""What an evaluator answers in place of a session, and what that means."""


class Inviting:
    """Of one hall."""

    def __init__(self, runners: Sequence[Runner], services: Services) -> None:
        self._services = services
        self._at = [(window, runner) for runner in runners for window in runner.device.windows]

    @property
    def commands(self) -> Commands:
        """What staff, queue and business systems may order, each by the route that is theirs."""
        return {
            "invite": lambda arguments: self.order("invite", arguments),
            "cancel": lambda arguments: self.order("cancel", arguments),
            "welcome": lambda arguments: self.order("welcome", arguments),
        }

    def order(self, name: str, arguments: Arguments) -> str:
        """Hand an order to the evaluator of `window`; the session's id, or «done»; Refused says why not.

        invite: also trigger (staff, business_system, queue), project_no, item_code, timeout_s.
        """
        there = self._evaluators(arguments.get("window", ""))
        project = arguments.get("project_no", "")
        if name == "invite" and project and self._services.times(project) >= NUMBER_MAX:
            raise Refused(f"{project}: 已评价两次 / was rated twice")
        answer = UNABLE
        for runner in there:
            answer = self._answer(runner, name, arguments)
            if answer != UNABLE:
                break  # a code on paper cannot ask; the next evaluator at the window can
        if answer in NOT_DONE:
            raise Refused(f"{runner.device.device_id}: {NOT_DONE[answer]}")
        return answer

    @staticmethod
    def _answer(runner: Runner, name: str, arguments: Arguments) -> str:
        answered, given_up, answers = threading.Event(), threading.Event(), list[str]()

        def done(answer: str) -> None:
            answers.append(answer)
            answered.set()

        about, stands = dict(arguments), lambda: not given_up.is_set()
        if not runner.order(name, done, about=about, stands=stands) or not answered.wait(ANSWER_S):
            given_up.set()
            raise Refused(f"{runner.device.device_id}: 评价器没有应答 / the evaluator did not answer")
        return answers[0]

    def _evaluators(self, window: str) -> list[Runner]:
        """Those that work, of those at the window."""
        there = [runner for own, runner in self._at if own == window]
        if not there:
            raise Refused(f"{window}: 没有评价器 / no evaluator stands there")
        working = [runner for runner in there if runner.health.state in ("online", "degraded")]
        if not working:
            text, step = both(there[0].health.cause)
            raise Refused(
                f"{there[0].device.device_id}: {text['zh']} / {text['en']} → {step['zh']} / {step['en']}"
            )
        return working
