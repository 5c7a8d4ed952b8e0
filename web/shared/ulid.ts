const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_CHARS = 10;
const RANDOM_CHARS = 16;

/** Build a ULID: 26 characters of Crockford base 32, 48 bits of time and then 80 random ones, so ids sort by age. */
export function ulid(
  now_ms: number = Date.now(),
  random: (bytes: Uint8Array) => Uint8Array = fillRandom,
): string {
  let time = "";
  let rest = Math.floor(now_ms);
  for (let i = 0; i < TIME_CHARS; i++) {
    time = ALPHABET.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  const bytes = random(new Uint8Array(RANDOM_CHARS));
  return time + Array.from(bytes, (byte) => ALPHABET.charAt(byte & 31)).join("");
}

function fillRandom(bytes: Uint8Array): Uint8Array {
  return crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);
}
