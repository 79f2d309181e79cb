export function boards(): number {
  return 3 + ;
}
export function planks(count: number): number {
  return count;
}
