/**
 * @file The order of kernels, and their stages. Order follows recording, so that what is made is used soon; a kernel moves up
 * into the current stage, past a few that must wait, if nothing in the stage stands in its way.
 */
import { nodeSize } from "../tensor/graph.ts";
import type { GroupGraph } from "./fuse.ts";
import type { Group, Root } from "./group.ts";

export interface Scheduled {
  readonly group: Group;
  readonly stage: number;
}

/** How many waiting kernels another may overtake, and how much it may then produce early: more would hold more memory. */
const window = 8;
const largestEarly = 1 << 20;

export function schedule(graph: GroupGraph): Scheduled[] {
  const order = inOrder(graph);
  const stageOf = new Map<Group, number>();
  const result: Scheduled[] = [];
  const waiting = [...order];
  for (let stage = 0; waiting.length > 0; stage++) {
    let passed = 0;
    for (let i = 0; i < waiting.length && passed <= window; ) {
      const group = waiting[i] as Group;
      const isReady = [...graph.sourcesOf(group)].every((source) => (stageOf.get(source) ?? stage) < stage);
      const isSmall = group.roots.every(({ node }) => nodeSize(node) <= largestEarly);
      if (isReady && (passed === 0 || isSmall)) {
        stageOf.set(group, stage);
        result.push({ group, stage });
        waiting.splice(i, 1);
      } else {
        passed++;
        i++;
      }
    }
  }
  return result;
}

/** A topological order that prefers what was recorded first. */
function inOrder(graph: GroupGraph): Group[] {
  const key = ({ roots }: Group): number => (roots[0] as Root).node.id;
  const sorted = [...graph.groups].sort((a, b) => key(a) - key(b));
  const order: Group[] = [];
  const done = new Set<Group>();
  const visiting = new Set<Group>();
  const visit = (group: Group): void => {
    if (done.has(group)) return;
    if (visiting.has(group))
      throw new Error(
        `kernels wait for each other: ${group.roots.map(({ node }) => `${node.id} ${node.op.kind}`).join(", ")}`,
      );
    visiting.add(group);
    for (const source of [...graph.sourcesOf(group)].sort((a, b) => key(a) - key(b))) visit(source);
    visiting.delete(group);
    done.add(group);
    order.push(group);
  };
  for (const group of sorted) visit(group);
  return order;
}
