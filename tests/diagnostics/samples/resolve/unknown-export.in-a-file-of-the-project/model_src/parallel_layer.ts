/** Attention and feed-forward side by side. */
export class ParallelLayer {
  readonly width: number;
  constructor(width: number) {
    this.width = width;
  }
}
