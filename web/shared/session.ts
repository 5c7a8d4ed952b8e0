import type { Clock } from "./clock";
import { type DeskHttp, SessionRefused } from "./desk-http";
import { readJson, type Storage } from "./storage";
import { parseSessionGrant, type SessionGrant } from "./wire";

const KEY = "session";
/** A token this near to its end is renewed before it is used. */
export const RENEW_BEFORE_MS = 60_000;

/** The customer's session at the desk: one token, renewed when it is missing, refused or about to end. */
export class Session {
  private grant: SessionGrant | null;
  private is_doubted = false;
  private identity: string | null = null;
  private underway: Promise<SessionGrant> | null = null;

  constructor(
    private readonly http: DeskHttp,
    private readonly storage: Storage,
    private readonly clock: Clock,
    private locale: string,
    private readonly onGrant: (grant: SessionGrant) => void,
  ) {
    this.grant = readJson(storage, KEY, parseSessionGrant);
  }

  get current(): SessionGrant | null {
    return this.grant;
  }

  /** The next use asks the desk for a fresh token. */
  doubt(): void {
    this.is_doubted = true;
  }

  setLocale(locale: string): void {
    this.locale = locale;
    this.doubt();
  }

  /** Attach a signed identity; it is sent with the next renewal and kept in memory only. */
  setIdentity(identity: string): void {
    this.identity = identity;
    this.doubt();
  }

  forget(): void {
    this.grant = null;
    this.identity = null;
    this.underway = null;
    this.storage.remove(KEY);
  }

  /** A usable grant; renews at most once at a time. */
  async ensure(): Promise<SessionGrant> {
    if (this.grant !== null && !this.is_doubted && !this.isEnding(this.grant)) return this.grant;
    const underway = this.underway ?? this.renew();
    this.underway = underway;
    try {
      return await underway;
    } finally {
      if (this.underway === underway) this.underway = null;
    }
  }

  private async renew(): Promise<SessionGrant> {
    this.is_doubted = false;
    try {
      const grant = parseSessionGrant(await this.ask());
      this.grant = grant;
      this.storage.set(KEY, JSON.stringify(grant));
      this.onGrant(grant);
      return grant;
    } catch (error) {
      this.is_doubted = true;
      // A refused identity must not lock the customer out: the next attempt goes on without it.
      if (error instanceof SessionRefused) this.identity = null;
      throw error;
    }
  }

  private ask(): Promise<unknown> {
    const token = this.grant?.token;
    return this.http.post("/widget/session", {
      locale: this.locale,
      ...(token === undefined ? {} : { token }),
      ...(this.identity === null ? {} : { identity: this.identity }),
    });
  }

  private isEnding(grant: SessionGrant): boolean {
    const ends_ms = Date.parse(grant.expires_at);
    return Number.isFinite(ends_ms) && ends_ms - this.clock.now() < RENEW_BEFORE_MS;
  }
}
