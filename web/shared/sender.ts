import type { Clock } from "./clock";
import type { Outbox, OutboxBody, OutboxItem } from "./outbox";
import { ulid } from "./ulid";
import type { ClientFrame } from "./wire";

/** Without an acknowledgement for this long, the connection is taken for dead. */
export const ACK_TIMEOUT_MS = 10_000;
/** Without one for this long, the message says "not sent". It is still sent as soon as that is possible. */
export const NOT_SENT_AFTER_MS = 15_000;

export interface SenderOptions {
  outbox: Outbox;
  clock: Clock;
  isLive: () => boolean;
  send: (frame: ClientFrame) => void;
  /** A message went out and nothing came back. */
  onSilence: () => void;
  onChange: () => void;
}

/**
 * Brings what is in the outbox to the desk, one item at a time: the next goes out after the acknowledgement of the
 * one before, so the order holds whatever is lost in between.
 */
export class Sender {
  private in_flight: { client_id: string; timer: number } | null = null;
  private held_until: number | null = null;
  private last_created_ms = 0;

  constructor(private readonly options: SenderOptions) {
    for (const item of options.outbox.list()) this.expectAck(item);
  }

  /** Set while the desk asks for a pause: when sending goes on, in ms since the epoch. */
  get held_until_ms(): number | null {
    return this.held_until;
  }

  enqueue(body: OutboxBody): void {
    const created_ms = Math.max(this.options.clock.now(), this.last_created_ms + 1);
    this.last_created_ms = created_ms;
    this.put({ client_id: ulid(created_ms), body, created_ms, status: "pending", refused_code: null });
  }

  /** Send an item that failed once more, under the same id. */
  retry(client_id: string): void {
    const item = this.options.outbox.get(client_id);
    if (item !== null) this.put({ ...item, status: "pending", refused_code: null });
  }

  /** The item has arrived, or is not wanted any more. */
  settle(client_id: string): void {
    this.options.outbox.remove(client_id);
    if (this.in_flight?.client_id === client_id) this.land();
    this.pump();
  }

  /** The desk does not take the item; it waits for the customer, or for the end of the pause the desk asks for. */
  refuse(item: OutboxItem, code: string, retry_after_seconds: number | null): void {
    this.land();
    if (retry_after_seconds !== null) this.hold(retry_after_seconds * 1000);
    else if (item.body.type === "post")
      this.options.outbox.put({ ...item, status: "failed", refused_code: code });
    else this.options.outbox.remove(item.client_id); // a wish that has come true already
    this.pump();
  }

  /** Forget what is under way: its connection is gone. */
  land(): void {
    if (this.in_flight !== null) this.options.clock.clearTimeout(this.in_flight.timer);
    this.in_flight = null;
  }

  /** Send the oldest item, if nothing is under way. */
  pump(): void {
    const item = this.options.outbox.next();
    if (item === null || this.in_flight !== null || this.held_until !== null || !this.options.isLive())
      return;
    const timer = this.options.clock.setTimeout(() => {
      this.in_flight = null;
      this.options.onSilence();
    }, ACK_TIMEOUT_MS);
    this.in_flight = { client_id: item.client_id, timer };
    this.options.send(toFrame(item));
  }

  private put(item: OutboxItem): void {
    this.options.outbox.put(item);
    this.expectAck(item);
    this.options.onChange();
    this.pump();
  }

  /** Say "not sent" when the acknowledgement stays away. */
  private expectAck({ client_id }: OutboxItem): void {
    this.options.clock.setTimeout(() => {
      const item = this.options.outbox.get(client_id);
      if (item === null || item.status === "failed") return;
      this.options.outbox.put({ ...item, status: "failed" });
      this.options.onChange();
    }, NOT_SENT_AFTER_MS);
  }

  private hold(delay_ms: number): void {
    this.held_until = this.options.clock.now() + delay_ms;
    this.options.clock.setTimeout(() => {
      this.held_until = null;
      this.options.onChange();
      this.pump();
    }, delay_ms);
  }
}

function toFrame(item: OutboxItem): ClientFrame {
  const { body, client_id } = item;
  if (body.type === "rate") return { type: "rate", client_id, seq: body.seq, is_helpful: body.is_helpful };
  if (body.type !== "post") return { type: body.type, client_id };
  if ("text" in body) return { type: "post", client_id, text: body.text };
  if ("starter" in body) return { type: "post", client_id, starter: body.starter };
  return { type: "post", client_id, button: body.button };
}
