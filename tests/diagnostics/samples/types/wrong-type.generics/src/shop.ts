export class Box<T> {
  readonly content: T;
  constructor(content: T) {
    this.content = content;
  }
}
export function weigh(box: Box<number>): number {
  return box.content;
}
