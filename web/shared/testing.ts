/** Doubles for the tests of the socket clients: a clock that stands still, a socket and a desk that are arrays. */
import { vi } from "vitest";
import type { Clock } from "./clock";
import type { SocketLike } from "./reconnecting-socket";
import { type Entry, parseEntry } from "./wire";
import type { JsonObject } from "./wire-reader";

/** Wait until a check holds; that may take long on a busy machine. */
export const eventually = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 10_000 });

interface Timer {
  at_ms: number;
  callback: () => void;
}

export class FakeClock implements Clock {
  private time_ms = Date.parse("2026-11-22T10:00:00Z");
  private next_id = 1;
  private readonly timers = new Map<number, Timer>();

  now(): number {
    return this.time_ms;
  }

  setTimeout(callback: () => void, delay_ms: number): number {
    this.timers.set(this.next_id, { at_ms: this.time_ms + delay_ms, callback });
    return this.next_id++;
  }

  clearTimeout(timer: number): void {
    this.timers.delete(timer);
  }

  /** Let time pass, one timer after the other, with everything that was promised in between. */
  async pass(delay_ms: number): Promise<void> {
    const until_ms = this.time_ms + delay_ms;
    await settle();
    for (let due = this.nextDue(until_ms); due !== null; due = this.nextDue(until_ms)) {
      const [id, timer] = due;
      this.timers.delete(id);
      this.time_ms = Math.max(this.time_ms, timer.at_ms);
      timer.callback();
      await settle();
    }
    this.time_ms = until_ms;
  }

  private nextDue(until_ms: number): [number, Timer] | null {
    const due = [...this.timers].filter(([, timer]) => timer.at_ms <= until_ms);
    return due.sort(([, a], [, b]) => a.at_ms - b.at_ms)[0] ?? null;
  }
}

/** Let every promise that can go on go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

export class FakeSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly sent: JsonObject[] = [];
  is_closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.is_closed = true;
  }

  open(): void {
    this.onopen?.();
  }

  /** What the desk says. */
  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** The desk, or the network, ends the connection. */
  drop(code = 1006): void {
    this.is_closed = true;
    this.onclose?.({ code, reason: "" });
  }

  sentOf(type: string): JsonObject[] {
    return this.sent.filter((frame) => frame.type === type);
  }
}

export function buildEntry(seq: number, fields: Partial<Entry> = {}): Entry {
  const at = new Date(Date.parse("2026-11-22T10:00:00Z") + seq * 1000).toISOString();
  return {
    ...parseEntry({ seq, kind: "bot", text: `entry ${seq}`, at, client_id: `entry-${seq}` }),
    ...fields,
  };
}
