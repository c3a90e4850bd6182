/** A thread's snapshot, as a room's is made: patches in, immutable state out. */

import type { Message, Seq } from "./protocol.js";
import type { ChatMessage, ThreadState } from "./types.js";
import type { PendingWire, ThreadPatch } from "./wire.js";

/** Makes what is shown of what came. */
export interface Shows {
  settled(message: Message): ChatMessage;
  pending(item: PendingWire): ChatMessage;
}

/** Keeps what a thread shows. */
export class ThreadStore {
  state: ThreadState = { messages: [], hasOlder: false, loadingOlder: false };
  #first: Message | undefined;
  #settled: ReadonlyMap<Seq, Message> = new Map();
  #pending: readonly PendingWire[] = [];

  apply({ open: _, first, timeline, pending, ...plain }: ThreadPatch, shows: Shows): void {
    if (first) this.#first = first;
    if (pending) this.#pending = pending;
    if (timeline) {
      const kept = [...this.#settled].filter(([seq]) => timeline.start <= seq && seq <= timeline.end);
      const put = timeline.put.map((message): [Seq, Message] => [message.seq, message]);
      this.#settled = new Map([...kept, ...put]);
    }
    const settled = [...this.#settled.values()].sort((a, b) => a.seq - b.seq);
    const there = new Set(settled.map(({ clientId }) => clientId));
    const waiting = this.#pending.filter(({ clientId }) => !there.has(clientId));
    this.state = {
      ...this.state,
      ...plain,
      ...(this.#first ? { first: shows.settled(this.#first) } : {}),
      messages: [...settled.map((message) => shows.settled(message)), ...waiting.map((item) => shows.pending(item))],
    };
  }

  /** The whole as a patch. */
  whole(): ThreadPatch {
    const { hasOlder, loadingOlder } = this.state;
    const put = [...this.#settled.values()];
    const seqs = put.map(({ seq }) => seq);
    return {
      open: true,
      ...(this.#first ? { first: this.#first } : {}),
      timeline: put.length === 0 ? { start: 0, end: 0, put } : { start: Math.min(...seqs), end: Math.max(...seqs), put },
      pending: [...this.#pending],
      hasOlder,
      loadingOlder,
    };
  }
}
