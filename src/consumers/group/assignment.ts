/**
 * Which member has which partition. A partition has one owner at most: where it is to go to another
 * member, its owner gets nothing more of it, and it moves when the owner holds none of its events.
 */
export class Assignment {
  readonly #owners: (string | undefined)[];
  readonly #targets: (string | undefined)[];
  readonly #members: string[] = [];

  constructor(partitions: number) {
    this.#owners = Array.from({ length: partitions }, () => undefined);
    this.#targets = [...this.#owners];
  }

  get members(): readonly string[] {
    return this.#members;
  }

  ownerOf(partition: number): string | undefined {
    return this.#owners[partition];
  }

  /** Whether a member may get more of a partition: it has it, and is not to give it away. */
  mayTake(member: string, partition: number): boolean {
    return this.#owners[partition] === member && this.#targets[partition] === member;
  }

  /** Partitions that a member has, those that it is to give away among them. */
  held(member: string): number[] {
    return partitionsOf(this.#owners, member);
  }

  /** Partitions that are to go to somebody else. */
  moving(): number[] {
    return [...this.#owners.keys()].filter((at) => this.#owners[at] !== this.#targets[at]);
  }

  join(member: string): void {
    if (this.#members.includes(member)) return;
    this.#members.push(member);
    this.#balance();
  }

  leave(member: string): void {
    const at = this.#members.indexOf(member);
    if (at < 0) return;
    this.#members.splice(at, 1);
    this.#balance();
  }

  /** Moves a partition; the caller has seen that nothing of it is in flight. */
  handOver(partition: number): void {
    this.#owners[partition] = this.#targets[partition];
  }

  /** Gives each member as many partitions as any other, one more or less, and moves few. */
  #balance(): void {
    const members = this.#members;
    const held = new Map(members.map((member) => [member, partitionsOf(this.#targets, member)]));
    const heldBy = (member: string): number[] => held.get(member) ?? [];
    const byHeld = [...members].sort((a, b) => heldBy(b).length - heldBy(a).length);
    const share = Math.floor(this.#targets.length / Math.max(members.length, 1));
    const larger = this.#targets.length % Math.max(members.length, 1);
    const quotas = new Map(byHeld.map((member, i) => [member, share + (i < larger ? 1 : 0)]));
    for (const [at, target] of this.#targets.entries()) {
      const kept = heldBy(target ?? '').slice(0, quotas.get(target ?? ''));
      if (!kept.includes(at)) this.#targets[at] = undefined;
    }
    const free = partitionsOf(this.#targets, undefined);
    for (const member of byHeld) {
      const missing = (quotas.get(member) ?? 0) - partitionsOf(this.#targets, member).length;
      for (const at of free.splice(0, missing)) this.#targets[at] = member;
    }
  }
}

function partitionsOf(list: readonly (string | undefined)[], member: string | undefined): number[] {
  return [...list.keys()].filter((at) => list[at] === member);
}
