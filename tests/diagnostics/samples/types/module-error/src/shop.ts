export function boards(): number {
  const count: number = "three";
  return count;
}
