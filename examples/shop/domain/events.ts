/** Everything that happens in the shop. Amounts are in cents. */
export type ShopEvent = OrderEvent | PaymentEvent | StockEvent;

export interface Line {
  readonly sku: string;
  readonly count: number;
}

export type OrderEvent =
  | {
      eventType: 'order.placed';
      payload: { customer: string; region: string; cents: number; lines: Line[] };
    }
  | { eventType: 'order.confirmed'; payload: { paymentId: string } }
  | { eventType: 'order.cancelled'; payload: { reason: string } }
  | { eventType: 'order.refunded'; payload: { cents: number } };

export type PaymentEvent =
  | {
      eventType: 'payment.taken';
      /** `takenAt` is the time of the card terminal, in microseconds: payments come out of order. */
      payload: { orderId: string; region: string; cents: number; takenAt: number };
    }
  | { eventType: 'payment.returned'; payload: { orderId: string; cents: number } };

export type StockEvent =
  | { eventType: 'stock.received'; payload: { sku: string; count: number } }
  | { eventType: 'stock.reserved'; payload: { sku: string; count: number; orderId: string } }
  | { eventType: 'stock.released'; payload: { sku: string; count: number; orderId: string } };

/** A command that the rules of the shop refuse. */
export class ShopError extends Error {
  override readonly name = 'ShopError';
}
