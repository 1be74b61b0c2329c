/**
 * The tenant of a caller. Everybody is an administrator of the default tenant as long as the server
 * has no authentication, and may therefore name another one in body or query.
 */
export const callerTenant = 'default';
