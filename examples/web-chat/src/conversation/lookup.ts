import type { ChatMessage, List, MessageId, Place } from "roomcast";

/** Finds messages by id in a long list, and remembers where they were. */
export class Lookup {
  readonly #places = new Map<MessageId, number>();

  byId(messages: List<ChatMessage>, id: MessageId): ChatMessage | undefined {
    const place = this.#places.get(id);
    const there = place === undefined ? undefined : messages.at(place);
    if (there?.id === id) return there;
    for (let index = messages.length - 1; index >= 0; index -= 1) {
      const message = messages.at(index);
      if (message?.id !== id) continue;
      this.#places.set(id, index);
      return message;
    }
    return undefined;
  }
}

export function indexOfKey(messages: List<ChatMessage>, wanted: ChatMessage): number | undefined {
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages.at(index);
    if (message?.key === wanted.key || (wanted.id !== undefined && message?.id === wanted.id)) return index;
  }
  return undefined;
}

export function indexOfPlace(messages: List<ChatMessage>, place: Place): number | undefined {
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages.at(index);
    if (message?.id === place || message?.seq === place) return index;
  }
  return undefined;
}

/** The user's last message that can be edited. */
export function lastOwn(messages: List<ChatMessage>): ChatMessage | undefined {
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages.at(index);
    if (message?.mine && message.deletedAt === undefined && message.type === "text") return message;
  }
  return undefined;
}
