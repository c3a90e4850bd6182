import type { ChatMessage, List, Seq } from "roomcast";

import { dayOf } from "../text/times";

/** Messages of one person within this time stand under one name. */
const GROUP_MS = 5 * 60_000;

/** The first message that is not read, among those that are loaded. */
export function firstUnread(messages: List<ChatMessage>, readSeq: Seq | undefined): number | undefined {
  if (readSeq === undefined) return undefined;
  let [low, high] = [0, messages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages.at(middle)?.seq ?? Infinity) > readSeq) high = middle;
    else low = middle + 1;
  }
  for (let index = low; index < messages.length; index += 1) {
    if (!messages.at(index)?.mine) return index;
  }
  return undefined;
}

export function startsDay(message: ChatMessage, before: ChatMessage | undefined): boolean {
  return before === undefined || dayOf(message.createdAt) !== dayOf(before.createdAt);
}

export function isGrouped(message: ChatMessage, before: ChatMessage | undefined): boolean {
  return (
    before !== undefined &&
    before.userId === message.userId &&
    before.type !== "system" &&
    message.replyTo === undefined &&
    message.pinnedAt === undefined &&
    message.createdAt - before.createdAt < GROUP_MS
  );
}
