import type { Clock } from "./clock";

/** The desk no longer takes this session's token. */
export class SessionRefused extends Error {
  readonly code = "session_refused";
}

/** The desk could not be reached or answered with an error. */
export class DeskUnreachable extends Error {
  readonly code = "desk_unreachable";
  constructor(readonly status: number) {
    super(`the desk answered ${status === 0 ? "nothing" : status}`);
  }
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface DeskHttpOptions {
  base: string;
  fetch: Fetch;
  clock: Clock;
}

/** Longer than the desk holds a poll open. */
export const REQUEST_TIMEOUT_MS = 40_000;

/** JSON over HTTP to the desk, with a deadline on every request. */
export class DeskHttp {
  constructor(private readonly options: DeskHttpOptions) {}

  get(path: string, token: string): Promise<unknown> {
    return this.request(path, { headers: { Authorization: `Bearer ${token}` } });
  }

  post(path: string, body: unknown, token: string | null = null): Promise<unknown> {
    const headers: Record<string, string> = { "Content-Type": "application/json" };
    if (token !== null) headers.Authorization = `Bearer ${token}`;
    return this.request(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  private async request(path: string, init: RequestInit): Promise<unknown> {
    const { base, fetch, clock } = this.options;
    const deadline = new AbortController();
    const timer = clock.setTimeout(() => deadline.abort(), REQUEST_TIMEOUT_MS);
    try {
      const response = await fetch(base + path, { ...init, credentials: "omit", signal: deadline.signal });
      if (response.status === 401 || response.status === 403) throw new SessionRefused();
      const body: unknown = await response.json().catch(() => null);
      // A refusal is a frame of its own (it has a type); everything else outside 2xx is a failure.
      if (!response.ok && !hasType(body)) throw new DeskUnreachable(response.status);
      return body;
    } catch (error) {
      if (error instanceof SessionRefused || error instanceof DeskUnreachable) throw error;
      throw new DeskUnreachable(0);
    } finally {
      clock.clearTimeout(timer);
    }
  }
}

function hasType(body: unknown): boolean {
  return typeof body === "object" && body !== null && "type" in body;
}
