// What the pages say, in Chinese and English, and the language chosen.

const WORDS = {
  loading: ["正在准备…", "getting ready…"],
  pairing: ["请先配对这台设备", "pair this device first"],
  code: ["配对码（技术员在配对页生成）", "pairing code (a technician makes one on the pairing page)"],
  pair: ["配对", "pair"],
  pair_anew: ["重新配对", "pair anew"],
  pair_wrong: ["配对码不对或已失效", "the code is wrong or has expired"],
  pair_away: ["联系不上本机，请稍后再试", "the hall's machine cannot be reached; try again"],
  window: ["窗口", "window"],
  welcome: ["欢迎", "welcome"],
  staff_no: ["工号", "staff no."],
  begin: ["我要评价", "rate this service"],
  asked: ["请对本次服务作出评价", "please rate this service"],
  levels: ["满意度", "levels"],
  why: ["可选：具体方面", "if you like: what about it"],
  more: ["更多选项", "more"],
  comment: ["可选：您的意见", "if you like: in your own words"],
  back: ["返回重选", "back"],
  send: ["提交评价", "submit"],
  soon: ["{s} 秒后按您的选择提交", "your choice is submitted in {s} s"],
  thanks: ["感谢您的评价", "thank you for your rating"],
  thanks_more: ["您的评价不会显示给窗口人员", "the staff of this window do not see it"],
  fault: ["这台设备没能保存，请再试一次", "this device could not keep it; please try again"],
  again: ["再试一次", "try again"],
  paused: ["本窗口暂停服务", "this window is closed for the moment"],
  provincial: ["评价在省政务服务“好差评”页面进行", "the rating is given on the province's page"],
  open: ["打开评价页面", "open the page"],
  away: ["请在省级页面完成评价", "please finish on the province's page"],
  done: ["评价完毕", "done"],
  issued: ["也可扫省里下发的二维码评价", "or scan the code the province issued"],
  anew: ["再评价另一次服务", "rate another service"],
  code_void: ["二维码无效或已更换，请扫描窗口现在张贴的二维码", "this code is not valid any more; scan the one at the window now"],
  code_over: ["页面打开太久，请重新扫码评价", "this page was open too long; please scan the code again"],
  busy: ["现在打开的人太多，请几分钟后再试", "too many people open this page now; try again in a few minutes"],
  phone_foot: ["不收集您的姓名、电话和位置", "your name, number and place are not asked for"],
  paper: ["也可使用窗口二维码或纸质意见表", "the QR code or a paper form will do as well"],
  offline: ["暂时离线，评价保存在本机（{n}）", "offline for now; ratings are kept here ({n})"],
  waiting: ["待上传 {n}", "{n} to be sent"],
  unpaired: ["配对已失效，请技术员重新配对；评价保存在本机（{n}）", "no longer paired: call a technician; ratings are kept ({n})"],
  invite: ["邀请评价", "invite"],
  cancel: ["取消", "cancel"],
  pause: ["暂停服务", "pause"],
  resume: ["恢复服务", "resume"],
  free: ["未邀请", "nobody is asked"],
  inviting: ["已邀请，等待评价", "asked, waiting"],
  tablet_here: ["评价器在线", "the tablet is there"],
  tablet_away: ["评价器未联系，请检查电源和网络", "the tablet does not call: check power and network"],
  on_duty: ["在岗人员", "on duty"],
  nobody: ["未签到", "nobody has signed on"],
  pin: ["PIN", "PIN"],
  sign_on: ["签到（顶岗）", "sign on"],
  sign_off: ["签退", "sign off"],
  refused: ["未执行: {why}", "not done: {why}"],
  ok: ["已执行", "done"],
  very_satisfied: ["非常满意", "very satisfied"],
  satisfied: ["满意", "satisfied"],
  basically_satisfied: ["基本满意", "basically satisfied"],
  dissatisfied: ["不满意", "dissatisfied"],
  very_dissatisfied: ["非常不满意", "very dissatisfied"],
};

export let lang = "zh";

export function say(key, values = {}) {
  const text = WORDS[key][lang === "zh" ? 0 : 1].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  return lang === "en" ? text[0].toUpperCase() + text.slice(1) : text;
}

// Fill in everything fixed on the page, in the language given.
export function speak(chosen) {
  lang = chosen;
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  for (const each of document.querySelectorAll("[data-say]")) each.textContent = say(each.dataset.say);
  const button = document.getElementById("language");
  button.textContent = lang === "zh" ? "English" : "中文";
  button.lang = lang === "zh" ? "en" : "zh-CN";
}
