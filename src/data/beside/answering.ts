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

/**
 * Answers from now on. The first message is the setup, each other one is a question.
 *
 * @param begin takes the setup, and returns what answers
 */
export function answerMessages<Setup, Work, Answer>(
  begin: (setup: Setup) => Promise<(work: Work) => Answered<Answer> | Promise<Answered<Answer>>>,
): void {
  // The types are those of a program, not of a thread.
  const port = self as unknown as Port<Setup | Work>;
  let answering: ReturnType<typeof begin> | undefined;
  let last: Promise<void> = Promise.resolve();
  port.onmessage = ({ data }) => {
    if (answering === undefined) {
      answering = begin(data as Setup);
      last = answering.then(() => port.postMessage("ready"));
      return;
    }
    last = last.then(async () => {
      const { answer, buffers } = await (await answering!)(data as Work);
      port.postMessage(answer, buffers);
    });
  };
}
