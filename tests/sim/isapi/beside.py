"""What a terminal says of enrolled people and of its settings, where its firmware tells that at all."""

import json
from dataclasses import dataclass, field
from typing import Any

PAGE = 30


@dataclass(slots=True)
class Beside:
    """enrolled: user -> (fingerprints, faces, cards), where somebody asks for everybody.

    reader, mode: of CardReaderCfg and EventStorageCfg; None, "" = not told.
    """

    enrolled: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    reader: dict[str, Any] | None = None
    mode: str = ""

    def answer(self, method: str, path: str, body: bytes) -> dict[str, Any] | None:
        """None where it knows nothing of that."""
        match method, path.removeprefix("/ISAPI/AccessControl/"):
            case "POST", "UserInfo/Search" if self.enrolled and b"EmployeeNoList" not in body:
                return {"UserInfoSearch": self._search(json.loads(body)["UserInfoSearchCond"])}
            case "GET", "CardReaderCfg/1" if self.reader is not None:
                return {"CardReaderCfg": self.reader}
            case "GET", "AcsEvent/StorageCfg" if self.mode:
                return {"EventStorageCfg": {"mode": self.mode}}
        return None

    def _search(self, asked: dict[str, Any]) -> dict[str, Any]:
        found, first = sorted(self.enrolled), int(asked["searchResultPosition"])
        page = found[first : first + min(PAGE, int(asked["maxResults"]))]
        told = [
            {
                "employeeNo": user,
                "name": "王芳",
                "faceURL": f"http://10.0.0.9/{user}.jpg",
                "userVerifyMode": "",
            }
            | dict(zip(("numOfFP", "numOfFace", "numOfCard"), self.enrolled[user], strict=True))
            for user in page
        ]
        more = first + len(page) < len(found)
        return {
            "searchID": asked["searchID"],
            "responseStatusStrg": "MORE" if more else "OK" if page else "NO MATCH",
            "numOfMatches": len(page),
            "totalMatches": len(found),
            **({"UserInfo": told} if told else {}),
        }
