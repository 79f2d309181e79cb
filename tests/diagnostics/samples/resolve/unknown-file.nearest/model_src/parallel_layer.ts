/** Attention and feed-forward side by side. */
export class ParallelLayer {
  constructor(readonly width: number) {}
}
