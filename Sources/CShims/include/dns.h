#ifndef MAINSTAY_DNS_H
#define MAINSTAY_DNS_H

/// One record of an answer.
struct mainstay_dns_record {
    unsigned int ttl;
    /// As people write it, ended by NUL; hostile bytes. A longer one is cut.
    char value[1100];
};

/// One question to the system's resolvers (resolv.conf(5)), or to one server, with glibc's resolver(3): over UDP, and TCP
/// where an answer is too long. Blocks up to twice `seconds` for each server.
///
/// `name` is taken as absolute. Returns 0 and fills `records`, of the asked type only, or an errno: ETIMEDOUT where nobody
/// answered, ECONNREFUSED where nobody listens, EBADMSG where the answer makes no sense, EINVAL for a name or a server that
/// is none. `rcode` is the response code of the answer.
int mainstay_dns_query(
    const char *name, int type, const char *server, int port, int seconds, struct mainstay_dns_record *records,
    int limit, int *count, int *rcode);

#endif
