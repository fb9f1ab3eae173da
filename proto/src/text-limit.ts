const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8");

/** The longest prefix of `text` that takes at most `bytesMax` bytes as UTF-8; limits count bytes. */
export function limitText(text: string, bytesMax: number): string {
  // At most 3 bytes per UTF-16 unit: most texts need no measuring.
  if (text.length * 3 <= bytesMax) return text;
  const bytes = encoder.encode(text);
  if (bytes.length <= bytesMax) return text;
  let end = bytesMax;
  // A continuation byte at the cut belongs to a character that does not fit.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return decoder.decode(bytes.subarray(0, end));
}
