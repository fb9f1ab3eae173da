/** `1 node`, `2 nodes`, `10,000 nodes`: a number never stands without what it counts. */
export function countOf(count: number, one: string, many: string = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}

const NUMBERS = new Intl.NumberFormat("en");

export function formatNumber(value: number): string {
  return NUMBERS.format(value);
}
