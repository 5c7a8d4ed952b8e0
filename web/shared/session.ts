import type { Clock } from "./clock";
import { type DeskHttp, SessionRefused } from "./desk-http";
import { readJson, type Storage } from "./storage";
import { parseSessionGrant, type SessionGrant } from "./wire";

const KEY = "session";
const IDENTIFIED_KEY = "is_identified";
/** A token this near to its end is renewed before it is used. */
export const RENEW_BEFORE_MS = 60_000;

/** The answer came to a question that is no longer asked. */
export class SessionOutdated extends Error {
  readonly code = "session_outdated";
}

export interface SessionOptions {
  http: DeskHttp;
  storage: Storage;
  clock: Clock;
  locale: string;
  onGrant: (grant: SessionGrant) => void;
  /** The desk did not take the shop's word (forged, or over): the page may fetch a fresh one. */
  onIdentityRefused: () => void;
}

/** Why the present token will not do: the desk refused it, or something else is wanted of the session now. */
type Doubt = "none" | "refused" | "outdated";

/** The customer's session at the desk: one token, renewed when it is missing, refused, outdated or about to end. */
export class Session {
  private grant: SessionGrant | null;
  private doubt: Doubt = "none";
  private identity: string | null = null;
  private locale: string;
  /** Counts what was asked of the session; the answer to an older question is not taken. */
  private version = 0;
  private underway: { version: number; answer: Promise<SessionGrant> } | null = null;

  constructor(private readonly options: SessionOptions) {
    this.locale = options.locale;
    this.grant = readJson(options.storage, KEY, parseSessionGrant);
  }

  get current(): SessionGrant | null {
    return this.grant;
  }

  /** The desk did not take the token. */
  refuse(): void {
    this.doubt = "refused";
  }

  /**
   * Ask for another language; false where nothing has to be renewed.
   *
   * A known customer's session waits for the page to say who it is: asked without, the desk would begin a stranger's.
   */
  setLocale(locale: string): boolean {
    if (locale === this.locale) return false;
    this.locale = locale;
    if (this.identity === null && this.options.storage.get(IDENTIFIED_KEY) !== null) return false;
    this.outdate();
    return true;
  }

  /** Attach a signed identity; it is kept in memory only. */
  setIdentity(identity: string): void {
    this.identity = identity;
    this.outdate();
  }

  forget(): void {
    this.grant = this.identity = null;
    this.outdate();
    this.options.storage.remove(KEY);
    this.options.storage.remove(IDENTIFIED_KEY);
  }

  /** A usable grant; renews at most once at a time. Rejects when something else was asked for in the meantime. */
  async ensure(): Promise<SessionGrant> {
    if (this.grant !== null && this.doubt === "none" && !this.isEnding(this.grant)) return this.grant;
    if (this.underway?.version !== this.version) {
      this.underway = { version: this.version, answer: this.renew(this.version) };
    }
    const { version, answer } = this.underway;
    const grant = await answer;
    if (version !== this.version) throw new SessionOutdated();
    return grant;
  }

  private outdate(): void {
    this.version++;
    this.doubt = "outdated";
  }

  private async renew(version: number): Promise<SessionGrant> {
    try {
      const grant = parseSessionGrant(await this.ask());
      if (version === this.version) this.take(grant);
      return grant;
    } catch (error) {
      const kept = error instanceof SessionRefused && version === this.version ? this.dropIdentity() : null;
      if (kept !== null) return kept;
      throw error;
    } finally {
      if (this.underway?.version === version) this.underway = null;
    }
  }

  private take(grant: SessionGrant): void {
    const { storage, onGrant } = this.options;
    this.grant = grant;
    this.doubt = "none";
    storage.set(KEY, JSON.stringify(grant));
    if (this.identity !== null) storage.set(IDENTIFIED_KEY, "1");
    onGrant(grant);
  }

  /** A refused identity must not lock the customer out: the old token stays, or the next attempt goes without. */
  private dropIdentity(): SessionGrant | null {
    if (this.identity === null) return null;
    this.identity = null;
    this.options.onIdentityRefused();
    if (this.grant === null || this.doubt === "refused") return null;
    this.doubt = "none";
    return this.grant;
  }

  private ask(): Promise<unknown> {
    const token = this.grant?.token;
    return this.options.http.post("/widget/session", {
      locale: this.locale,
      ...(token === undefined ? {} : { token }),
      ...(this.identity === null ? {} : { identity: this.identity }),
    });
  }

  private isEnding(grant: SessionGrant): boolean {
    const ends_ms = Date.parse(grant.expires_at);
    return Number.isFinite(ends_ms) && ends_ms - this.options.clock.now() < RENEW_BEFORE_MS;
  }
}
