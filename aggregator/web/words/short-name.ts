/**
 * Host names without what all of them share: in `cmp-0417.nova.dc1.example` only `cmp-0417` tells
 * hosts apart. Pure.
 */

/** The longest domain (with its leading dot) that every name ends with; empty when there is none. */
export function commonDomain(names: readonly string[]): string {
  const first = names[0];
  if (first === undefined || names.length < 2) return "";
  let dot = first.indexOf(".");
  while (dot >= 0) {
    const domain = first.slice(dot);
    // A name that is nothing but the domain would become empty.
    if (names.every((name) => name.length > domain.length && name.endsWith(domain))) return domain;
    dot = first.indexOf(".", dot + 1);
  }
  return "";
}

export function withoutDomain(name: string, domain: string): string {
  return domain !== "" && name.endsWith(domain) ? name.slice(0, -domain.length) : name;
}
