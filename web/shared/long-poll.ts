import { backoff_ms } from "./backoff";
import type { Clock } from "./clock";
import { type DeskHttp, SessionRefused } from "./desk-http";
import { type PollAnswer, parsePollAnswer } from "./wire";

export interface LongPollOptions {
  http: DeskHttp;
  token: () => Promise<string>;
  after: () => number;
  onAnswer: (answer: PollAnswer) => void;
  onRefused: () => void;
  onLive: (is_live: boolean) => void;
  clock: Clock;
  random: () => number;
}

/** A pause between two answers, for a desk that does not hold its polls open. */
export const POLL_PAUSE_MS = 1_000;

/** Reads the log by repeated GET where no websocket gets through. */
export class LongPoll {
  private run = 0;
  private is_running = false;
  private failures = 0;
  /** The first question is answered at once, so that it is known whether this way is open; later ones wait for news. */
  private is_first = true;
  private timer: number | null = null;

  constructor(private readonly options: LongPollOptions) {}

  start(): void {
    if (this.is_running) return;
    this.is_running = true;
    void this.poll(++this.run);
  }

  stop(): void {
    this.is_running = false;
    this.run++;
    this.failures = 0;
    this.is_first = true;
    if (this.timer !== null) this.options.clock.clearTimeout(this.timer);
    this.timer = null;
  }

  private async poll(run: number): Promise<void> {
    const { http, token, after } = this.options;
    try {
      const answer = parsePollAnswer(await http.get(this.path(after()), await token()));
      if (run === this.run) this.succeed(answer);
    } catch (error) {
      if (run === this.run) this.fail(error);
    }
  }

  private path(after: number): string {
    return `/widget/entries?after=${after}${this.is_first ? "&wait_seconds=0" : ""}`;
  }

  private succeed(answer: PollAnswer): void {
    this.failures = 0;
    this.is_first = false;
    this.options.onAnswer(answer);
    this.options.onLive(true);
    this.again(POLL_PAUSE_MS);
  }

  private fail(error: unknown): void {
    this.failures++;
    this.is_first = true;
    if (error instanceof SessionRefused) this.options.onRefused();
    this.options.onLive(false);
    this.again(backoff_ms(this.failures, this.options.random));
  }

  private again(delay_ms: number): void {
    const run = this.run;
    this.timer = this.options.clock.setTimeout(() => void this.poll(run), delay_ms);
  }
}
