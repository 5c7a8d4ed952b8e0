/** What the panel's elements tell their owner. They bubble up to the panel and stop there. */
export interface PanelEvents {
  send: { text: string };
  draft: { text: string };
  typing: { is_typing: boolean };
  answer: { seq: number; button: { id: string; title: string } };
  rate: { seq: number; is_helpful: boolean | null };
  choose: { id: string; title: string };
  retry: { client_id: string };
  discard: { client_id: string };
  requestperson: undefined;
  leaveperson: undefined;
  seen: undefined;
  resize: { is_large: boolean };
  shut: undefined;
}

const PREFIX = "careline:";

export function emit<N extends keyof PanelEvents>(from: EventTarget, name: N, detail: PanelEvents[N]): void {
  from.dispatchEvent(new CustomEvent(PREFIX + name, { detail, bubbles: true, composed: true }));
}

/** Bind one handler per event; what was heard here goes no further. */
export function listen(
  to: EventTarget,
  handlers: { [N in keyof PanelEvents]: (detail: PanelEvents[N]) => void },
): void {
  for (const [name, handle] of Object.entries(handlers)) {
    to.addEventListener(PREFIX + name, (event) => {
      event.stopPropagation();
      (handle as (detail: unknown) => void)((event as CustomEvent).detail);
    });
  }
}
