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

/** What a thread is told, or asked; first of all, where it counts its answers. */
export type ToThread<Setup, Work> =
  | { readonly answered: Int32Array }
  | { readonly setup: Setup }
  | { readonly work: Work };

/** Answers each question from now on, once this thread has loaded what it needs. */
export function answerMessages<Setup, Work, Answer>({ take, answer }: {
  /** Takes what the thread is told. */
  take: (setup: Setup) => void;
  /** Answers what it is asked. */
  answer: (work: Work) => Answered<Answer> | Promise<Answered<Answer>>;
}): void {
  // The types are those of a program, not of a thread.
  const port = self as unknown as Port<ToThread<Setup, Work>>;
  let last: Promise<void> = Promise.resolve();
  let answered: Int32Array;
  port.onmessage = ({ data }) => {
    if ("answered" in data) {
      answered = data.answered;
      return;
    }
    if ("setup" in data) return take(data.setup);
    last = last.then(async () => {
      const { answer: told, buffers } = await answer(data.work);
      port.postMessage(told, buffers);
      Atomics.add(answered, 0, 1);
    });
  };
  port.postMessage("ready");
}
