/**
 * A thread's own side: it answers what it is asked, in the order in which it is asked.
 *
 * @module
 */

/** The thread's end of the messages. */
interface Port<Message> {
  onmessage: ((event: MessageEvent<Message>) => void) | null;
  postMessage(message: unknown, transfer?: Transferable[]): void;
}

/** An answer, and the buffers that go with it. */
export interface Answered<Answer> {
  readonly answer: Answer;
  readonly buffers: ArrayBuffer[];
}

/** Answers each message from now on, once this thread has loaded what it needs. */
export function answerMessages<Work, Answer>(
  answer: (work: Work) => Answered<Answer> | Promise<Answered<Answer>>,
): void {
  // The types are those of a program, not of a thread.
  const port = self as unknown as Port<Work>;
  let last: Promise<void> = Promise.resolve();
  port.onmessage = ({ data }) => {
    last = last.then(async () => {
      const { answer: told, buffers } = await answer(data);
      port.postMessage(told, buffers);
    });
  };
  port.postMessage("ready");
}
