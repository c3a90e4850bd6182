import type { ChatMessage } from "roomcast";

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
  /** Shows the message that this one answers. */
  jump: (message: ChatMessage) => void;
};
