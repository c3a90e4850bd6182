import type { ChatMessage, MessageId } from "roomcast";

/** What a row can ask for. One object for all rows and all drawings, so that rows stay as they are. */
export type RowActions = {
  react: (message: ChatMessage, emoji: string, on: boolean) => void;
  reply: (message: ChatMessage) => void;
  /** Not inside of a thread. */
  thread?: (message: ChatMessage) => void;
  beginEdit: (message: ChatMessage) => void;
  saveEdit: (message: ChatMessage, content: string) => void;
  cancelEdit: () => void;
  askDelete: (message: ChatMessage) => void;
  retry: (message: ChatMessage) => void;
  discard: (message: ChatMessage) => void;
  /** Where the user may. */
  pin?: ((message: ChatMessage, on: boolean) => void) | undefined;
  /** Shows the message that another one answers. Not inside of a thread. */
  jump?: (message: MessageId) => void;
};
