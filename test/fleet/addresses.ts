/** IPv4 blocks like 127.64.0.0/10: every simulated node has a source address of its own. */
export interface AddressBlock {
  readonly base: number;
  readonly size: number;
}

export function parseAddressBlock(text: string): AddressBlock {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  const [a, b, c, d, bits] = (match ?? []).slice(1).map(Number);
  if (a === undefined || b === undefined || c === undefined || d === undefined)
    throw new Error(`${text} is not an IPv4 block like 127.64.0.0/10`);
  const size = 2 ** (32 - (bits ?? 32));
  const base = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
  return { base: base - (base % size), size };
}

/** The block's address after its first `index + 1`: the block's own is left out. */
export function addressAt(block: AddressBlock, index: number): string {
  if (index + 1 >= block.size) throw new Error(`the address block is too small for ${index + 1}`);
  const address = block.base + index + 1;
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}
