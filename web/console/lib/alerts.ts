/** Telling somebody who looks elsewhere. Both are opt-in. */
import ICON from "../icon.svg";
import ICON_WAITING from "../icon-waiting.svg";

/** Two short tones, made on the spot: no file, no request. */
export function chime(): void {
  try {
    const audio = new AudioContext();
    const tone = (frequency_hz: number, at_s: number) => {
      const source = audio.createOscillator();
      const volume = audio.createGain();
      source.frequency.value = frequency_hz;
      volume.gain.setValueAtTime(0.0001, audio.currentTime + at_s);
      volume.gain.exponentialRampToValueAtTime(0.15, audio.currentTime + at_s + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + at_s + 0.3);
      source.connect(volume).connect(audio.destination);
      source.start(audio.currentTime + at_s);
      source.stop(audio.currentTime + at_s + 0.32);
    };
    tone(660, 0);
    tone(880, 0.16);
    setTimeout(() => void audio.close(), 1000);
  } catch {
    // a browser without sound
  }
}

/** A desktop notification while the page is hidden; a click brings the page to `hash`. */
export function notifyDesktop(title: string, body: string, hash: string): void {
  if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
  const notification = new Notification(title, { body, tag: hash });
  notification.onclick = () => {
    window.focus();
    location.hash = hash;
    notification.close();
  };
}

/** The number of waiting customers in the tab's title and icon. */
export function badgeTab(waiting: number, title: string): void {
  document.title = waiting > 0 ? `(${waiting}) ${title}` : title;
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const wanted = waiting > 0 ? ICON_WAITING : ICON;
  if (link !== null && link.getAttribute("href") !== wanted) link.href = wanted;
}
