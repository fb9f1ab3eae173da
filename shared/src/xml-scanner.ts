/**
 * A bounded scanner for the XML that libvirt and fence agents print. Written by hand because none of
 * our few dependencies reads XML and this needs no entity declarations, namespaces or schemas:
 * others choose parts of the text (a tenant names and metadata, an agent all of it), so every length,
 * depth and count has a maximum, and anything unexpected ends the scan with what was found so far.
 * One pass, no recursion, no regular expression that can backtrack over more than one tag.
 */
export interface XmlVisitor {
  /** `path` holds the names of the open elements, this one last; a namespace prefix is kept. */
  onOpen(path: readonly string[], attributes: ReadonlyMap<string, string>): void;
  /** Text directly inside the element, entities decoded, trimmed; only called when not empty. */
  onText(path: readonly string[], text: string): void;
}

/** libvirt refuses definitions above 4 MiB; real ones stay below 64 KiB. */
export const XML_CHARACTERS_MAX = 1_048_576;
const DEPTH_MAX = 32;
const ELEMENTS_MAX = 20_000;
const TAG_CHARACTERS_MAX = 8_192;
const ATTRIBUTES_MAX = 64;
const TEXT_CHARACTERS_MAX = 1_024;

/** True when the whole text was read; false when a limit or malformed markup ended the scan. */
export function scanXml(xml: string, visitor: XmlVisitor): boolean {
  if (xml.length > XML_CHARACTERS_MAX) return false;
  const path: string[] = [];
  let position = 0;
  for (let elements = 0; elements < ELEMENTS_MAX; ) {
    const open = xml.indexOf("<", position);
    if (open < 0) return path.length === 0;
    reportText(xml, position, open, path, visitor);
    const skipped = endOfNonElement(xml, open);
    if (skipped === MALFORMED) return false;
    if (skipped !== IS_ELEMENT) {
      position = skipped;
      continue;
    }
    const close = endOfTag(xml, open);
    if (close < 0) return false;
    position = close + 1;
    elements += 1;
    if (xml[open + 1] === "/") {
      if (path.pop() !== xml.slice(open + 2, close).trim()) return false;
      continue;
    }
    const tag = readTag(xml.slice(open + 1, close));
    if (tag === null || path.length >= DEPTH_MAX) return false;
    path.push(tag.name);
    visitor.onOpen(path, tag.attributes);
    if (tag.isEmpty) path.pop();
  }
  return false;
}

const IS_ELEMENT = -1;
const MALFORMED = -2;

/** Where the comment, CDATA section, declaration or instruction at `open` ends. */
function endOfNonElement(xml: string, open: number): number {
  const after = (terminator: string, from: number): number => {
    const end = xml.indexOf(terminator, from);
    return end < 0 ? MALFORMED : end + terminator.length;
  };
  if (xml.startsWith("<!--", open)) return after("-->", open + 4);
  if (xml.startsWith("<![CDATA[", open)) return after("]]>", open + 9);
  if (xml.startsWith("<?", open)) return after("?>", open + 2);
  // A document type could declare entities; neither libvirt nor a fence agent prints one.
  return xml[open + 1] === "!" ? MALFORMED : IS_ELEMENT;
}

/** Index of the `>` that ends the tag, minding quotes; -1 when it is too far away or missing. */
function endOfTag(xml: string, open: number): number {
  const limit = Math.min(xml.length, open + TAG_CHARACTERS_MAX);
  let quote = "";
  for (let index = open + 1; index < limit; index++) {
    const character = xml[index] ?? "";
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === ">") return index;
    else if (character === "<") return -1;
  }
  return -1;
}

interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly isEmpty: boolean;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}/;
const ATTRIBUTE = /\s([A-Za-z_][A-Za-z0-9_.:-]{0,127})\s?=\s?(?:"([^"]*)"|'([^']*)')/g;

function readTag(body: string): Tag | null {
  const name = NAME.exec(body)?.[0];
  if (name === undefined) return null;
  const attributes = new Map<string, string>();
  for (const [, key = "", doubleQuoted, singleQuoted] of body.matchAll(ATTRIBUTE)) {
    if (attributes.size >= ATTRIBUTES_MAX) return null;
    attributes.set(key, decodeEntities(doubleQuoted ?? singleQuoted ?? ""));
  }
  return { name, attributes, isEmpty: body.endsWith("/") };
}

function reportText(
  xml: string,
  from: number,
  to: number,
  path: readonly string[],
  visitor: XmlVisitor,
): void {
  if (to === from || path.length === 0) return;
  const text = decodeEntities(xml.slice(from, Math.min(to, from + TEXT_CHARACTERS_MAX))).trim();
  if (text !== "") visitor.onText(path, text);
}

const NAMED: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|[a-z]{2,4});/g, (whole, body: string) => {
    const named = NAMED[body];
    if (named !== undefined) return named;
    if (!body.startsWith("#")) return whole;
    const code = body[1] === "x" ? Number.parseInt(body.slice(2), 16) : Number(body.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : "";
  });
}
