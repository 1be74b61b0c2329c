import { makeOrder, makeRandom } from '../input/order.mjs';
import { runMicro } from './runMicro.mjs';

const random = makeRandom(13);
const orders = Array.from({ length: 4_096 }, () => makeOrder(random));

/**
 * JSON.stringify of an event: what every append of an object pays before the store does anything.
 *
 * @param {{case: 'order', seconds: number}} options
 */
export function run(options) {
  let next = 0;
  return runMicro(() => JSON.stringify(orders[next++ % orders.length]), options);
}
