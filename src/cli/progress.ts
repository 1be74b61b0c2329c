import { Presets, SingleBar } from 'cli-progress';

export interface ProgressState {
  readonly done: number;
  /** Null where the end is not known: then there is only the text. */
  readonly total: number | null;
  /** What stands behind the bar. */
  readonly text: string;
}

export interface Progress {
  update(state: ProgressState): void;
  /** Removes the bar from the screen. */
  stop(): void;
}

const updatesPerSecond = 8;

/** A progress bar on standard error; nothing where that is no terminal. */
export function startProgress(label: string): Progress {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const options = { stream: process.stderr, clearOnComplete: true };
  let bar: SingleBar | undefined;
  return {
    update: ({ done, total, text }) => {
      if (bar === undefined) {
        const format = total === null ? `${label} {text}` : `${label} {bar} {percentage}% {text}`;
        bar = new SingleBar({ ...options, format, fps: updatesPerSecond }, Presets.shades_classic);
        bar.start(total ?? 1, 0, { text });
      }
      bar.update(total === null ? 0 : Math.min(done, total), { text });
    },
    stop: () => bar?.stop(),
  };
}
