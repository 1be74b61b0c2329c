import { describe, expect, it } from 'vitest';
import { Watch } from '../../bench/soak/watch.mjs';

const secondsPerPhase = 600;
const secondsPerSample = 5;

/** Three calm phases of a server whose memory and descriptors go as these functions of time say. */
function watchOf(rssMB: (seconds: number) => number, descriptors: (seconds: number) => number) {
  const watch = new Watch();
  for (let at = 0; at < 3 * secondsPerPhase; at += secondsPerSample) {
    const phase = 1 + Math.floor(at / secondsPerPhase);
    watch.samples.push({
      atSeconds: at,
      phase,
      rssMB: rssMB(at),
      ownMB: 0,
      descriptors: descriptors(at),
      events: at,
      driverRssMB: 0,
    });
  }
  return watch;
}

const steady = () => 100;

describe('what the soak makes of memory and descriptors', () => {
  it('finds nothing where they go up and down', () => {
    const wave = (seconds: number) => 150 + 30 * Math.sin(seconds / 60);
    expect(watchOf(wave, steady).findGrowth()).toEqual([]);
  });

  it('finds a leak of 20 MB a minute', () => {
    const found = watchOf((seconds) => 100 + seconds / 3, steady).findGrowth();
    expect(found.join()).toMatch(/RSS grew by \d+ MB within calm phase 1/);
    expect(found.join()).toMatch(/from the first calm phase to the last/);
  });

  it('finds a leak that shows only between the phases', () => {
    const found = watchOf((seconds) => 100 + 30 * Math.floor(seconds / secondsPerPhase), steady);
    expect(found.findGrowth()).toEqual(['RSS grew by 60 MB from the first calm phase to the last']);
  });

  it('finds descriptors that are never closed', () => {
    const found = watchOf(steady, (seconds) => 50 + Math.floor(seconds / 5)).findGrowth();
    expect(found.join()).toMatch(/open descriptors grew by \d+ within calm phase 1/);
  });

  it('finds too much memory, even where it does not grow', () => {
    expect(watchOf(() => 600, steady).findGrowth()).toEqual(['RSS reached 600 MB, bound 512']);
  });
});
