#define _GNU_SOURCE
#define OPENSSL_SUPPRESS_DEPRECATED  // the plain SHA-256 functions need nothing initialised
#include "csupervisor.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// ---- Sums

_Static_assert(sizeof(SHA256_CTX) <= sizeof(csupervisor_sha256), "the state fits");

void csupervisor_sha256_begin(csupervisor_sha256 *sum) { SHA256_Init((SHA256_CTX *)sum); }
void csupervisor_sha256_update(csupervisor_sha256 *sum, const void *bytes, size_t count) {
    SHA256_Update((SHA256_CTX *)sum, bytes, count);
}
void csupervisor_sha256_finish(csupervisor_sha256 *sum, uint8_t *digest) { SHA256_Final(digest, (SHA256_CTX *)sum); }

// ---- TLS

static void begin(void) {
    // The image's openssl.cnf is for another OpenSSL, and may name modules to be loaded.
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
}

csupervisor_tls_trust *csupervisor_tls_trust_make(int verifies) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, begin);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) return NULL;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    return (csupervisor_tls_trust *)context;
}

void csupervisor_tls_trust_free(csupervisor_tls_trust *trust) { SSL_CTX_free((SSL_CTX *)trust); }

int csupervisor_tls_trust_add(csupervisor_tls_trust *trust, const void *text, size_t count) {
    X509_STORE *store = SSL_CTX_get_cert_store((SSL_CTX *)trust);
    if (count > INT32_MAX) return 0;
    BIO *input = BIO_new_mem_buf(text, (int)count);
    if (input == NULL) return 0;
    int added = 0;
    for (X509 *one; (one = PEM_read_bio_X509_AUX(input, NULL, NULL, NULL)) != NULL; X509_free(one))
        added += X509_STORE_add_cert(store, one) == 1;
    BIO_free(input);
    ERR_clear_error();
    return added;
}

csupervisor_tls *csupervisor_tls_make(const csupervisor_tls_trust *trust, int socket, const char *host) {
    SSL *tls = SSL_new((SSL_CTX *)trust);
    if (tls == NULL) return NULL;
    // An address is looked for among the certificate's addresses and is not announced as a name.
    X509_VERIFY_PARAM *checks = SSL_get0_param(tls);
    int is_address = X509_VERIFY_PARAM_set1_ip_asc(checks, host);
    X509_VERIFY_PARAM_set_hostflags(checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    int is_set = SSL_set_fd(tls, socket) == 1
        && (is_address || (SSL_set_tlsext_host_name(tls, host) == 1 && SSL_set1_host(tls, host) == 1));
    ERR_clear_error();
    if (!is_set) {
        SSL_free(tls);
        return NULL;
    }
    SSL_set_connect_state(tls);
    return (csupervisor_tls *)tls;
}

void csupervisor_tls_free(csupervisor_tls *tls) { SSL_free((SSL *)tls); }

static long outcome(SSL *tls, int result) {
    int reason = errno;
    switch (SSL_get_error(tls, result)) {
    case SSL_ERROR_WANT_READ: return csupervisor_tls_wants_read;
    case SSL_ERROR_WANT_WRITE: return csupervisor_tls_wants_write;
    case SSL_ERROR_ZERO_RETURN: return 0;
    case SSL_ERROR_SYSCALL: return reason != 0 ? -reason : csupervisor_tls_failed;
    case SSL_ERROR_SSL:
        // No goodbye came: as with any other connection that breaks.
        if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return -ECONNRESET;
        return csupervisor_tls_failed;
    default: return csupervisor_tls_failed;
    }
}

#define tried(call) ({ ERR_clear_error(); errno = 0; int done_ = (call); done_ > 0 ? done_ : outcome((SSL *)tls, done_); })

static int capped(size_t count) { return count > 1 << 30 ? 1 << 30 : (int)count; }

long csupervisor_tls_handshake(csupervisor_tls *tls) { return tried(SSL_do_handshake((SSL *)tls)); }
long csupervisor_tls_read(csupervisor_tls *tls, void *bytes, size_t count) {
    return tried(SSL_read((SSL *)tls, bytes, capped(count)));
}
long csupervisor_tls_write(csupervisor_tls *tls, const void *bytes, size_t count) {
    long sent = tried(SSL_write((SSL *)tls, bytes, capped(count)));
    // OpenSSL tells of the other side's goodbye whatever a write failed with; to a writer that is no end of a stream.
    return sent == 0 ? -EPIPE : sent;
}

void csupervisor_tls_end(csupervisor_tls *tls) {
    SSL_shutdown((SSL *)tls);
    ERR_clear_error();
}

const char *csupervisor_tls_reason(const csupervisor_tls *tls) {
    long verdict = SSL_get_verify_result((const SSL *)tls);
    if (verdict != X509_V_OK) return X509_verify_cert_error_string(verdict);
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason != NULL ? reason : "the connection ended in the middle";
}
