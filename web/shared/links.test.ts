import { describe, expect, test } from "vitest";
import { linkify, safeHref } from "./links";

const BASE = "https://desk.example";

describe("safeHref", () => {
  test.each([
    ["https://a.example/x?y=1#z", "https://a.example/x?y=1#z"],
    ["http://a.example", "http://a.example/"],
    ["mailto:maya@example.com", "mailto:maya@example.com"],
    ["tel:+31201234567", "tel:+31201234567"],
    ["/help/returns", "https://desk.example/help/returns"],
    ["HTTPS://A.EXAMPLE/", "https://a.example/"],
  ])("%s is allowed", (href, expected) => {
    expect(safeHref(href, BASE)).toBe(expected);
  });

  test.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "java\tscript:alert(1)",
    "\u0001javascript:alert(1)",
    "\u00a0javascript:alert(1)",
    "javascript&colon;alert(1)",
    "javascript%3Aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml;base64,PHN2Zz4=",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "blob:https://a.example/1",
    "filesystem:https://a.example/x",
    "view-source:https://a.example",
    "intent://x#Intent;end",
    "ftp://a.example",
    "about:blank",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https://user:pass@evil.example",
    "https://desk.example@evil.example",
    "https://",
    "help/returns",
    "./x",
    "?x",
    "#x",
    "",
  ])("%j is not", (href) => {
    expect(safeHref(href, BASE)).toBeNull();
  });
});

describe("linkify", () => {
  const links = (text: string) => linkify(text, BASE).flatMap(({ href }) => (href === null ? [] : [href]));

  test.each([
    "",
    "plain words",
    "see https://a.example.",
    "(https://a.example/b_(c)) and /help/returns, maya@example.com!",
    "<b>https://a.example</b>",
    "看这里https://a.example/退货。谢谢",
    "javascript:alert(1) https://x",
  ])("the parts of %j are the whole", (text) => {
    const parts = linkify(text, BASE);
    expect(parts.map((part) => part.text).join("")).toBe(text);
  });

  test("sentences end before their full stop, brackets stay where they open", () => {
    expect(links("See https://a.example/x. Or (https://b.example)!")).toEqual([
      "https://a.example/x",
      "https://b.example/",
    ]);
    expect(links("https://en.example/Oak_(tree)")).toEqual(["https://en.example/Oak_(tree)"]);
  });

  test("mail addresses, www and help pages become links", () => {
    expect(links("maya@example.com or www.example.com or /help/how-to-return")).toEqual([
      "mailto:maya@example.com",
      "https://www.example.com/",
      "https://desk.example/help/how-to-return",
    ]);
  });

  test("Chinese punctuation ends an address", () => {
    expect(links("请看https://a.example/help，谢谢。")).toEqual(["https://a.example/help"]);
  });

  test.each([
    "javascript:alert(1)",
    "[x](javascript:alert(1))",
    "data:text/html,x",
    "//evil.example",
    "a/help/x",
  ])("%j stays text", (text) => {
    expect(links(text)).toEqual([]);
  });
});
