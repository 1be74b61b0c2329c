/** The client of a server: runs where there is `fetch` and `WebSocket`. */
export { login, type Login } from './access/login.js';
export { connect } from './remoteStore.js';
export type { ClientOptions, WebSocketConstructor, WebSocketLike } from './types.js';
