// Says an invitation aloud, once, by a voice that is on the tablet itself: none is asked for over the network.

let told = "";

export function sayAloud(text, id) {
  if (told === id || !window.speechSynthesis) return;
  told = id;
  const { lang } = document.documentElement;
  const voice = speechSynthesis.getVoices().find((each) => each.localService && each.lang.slice(0, 2) === lang.slice(0, 2));
  if (!voice) return;
  const spoken = new SpeechSynthesisUtterance(text);
  Object.assign(spoken, { voice, lang: voice.lang });
  speechSynthesis.cancel();
  speechSynthesis.speak(spoken);
}
