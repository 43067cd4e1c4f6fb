export * from './disconnects.ts';
export * from './entities.ts';
export * from './errors.ts';
export * from './events.ts';
export { type ConversationKind, limits, lobbyId, type Role } from './fields.ts';
export { authErrors, commonErrors, type LimitClass, type Operation, type Route } from './operation.ts';
export * from './operations.ts';
