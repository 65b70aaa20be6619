// HTTP for the command line. curl's setopt and getinfo are variadic, which Swift does not import: typed wrappers here.
#pragma once
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

/// curl keeps a copy of the text.
static inline CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

/// curl keeps a copy of the bytes.
static inline CURLcode ccurl_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return curl_easy_setopt(easy, option, &blob);
}

/// For lists, buffers, shares and the arguments of callbacks; curl keeps the pointer.
static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}

typedef size_t (*ccurl_data_callback)(char *bytes, size_t size, size_t count, void *argument);
typedef int (*ccurl_seek_callback)(void *argument, curl_off_t offset, int origin);
typedef int (*ccurl_progress_callback)(void *argument, curl_off_t total, curl_off_t now, curl_off_t up, curl_off_t upNow);
typedef int (*ccurl_connected_callback)(void *argument, char *remote, char *local, int remotePort, int localPort);

/// For CURLOPT_WRITEFUNCTION, CURLOPT_HEADERFUNCTION and CURLOPT_READFUNCTION.
static inline CURLcode ccurl_set_data_callback(CURL *easy, CURLoption option, ccurl_data_callback callback) {
    return curl_easy_setopt(easy, option, callback);
}

static inline CURLcode ccurl_set_seek_callback(CURL *easy, ccurl_seek_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, callback);
}

static inline CURLcode ccurl_set_progress_callback(CURL *easy, ccurl_progress_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, callback);
}

static inline CURLcode ccurl_set_connected_callback(CURL *easy, ccurl_connected_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, callback);
}

/// Names and TLS sessions that all handles of one transport share, with a lock for each kind.
typedef struct {
    CURLSH *share;
    pthread_mutex_t locks[CURL_LOCK_DATA_LAST];
} ccurl_share;

static inline void ccurl_lock(CURL *easy, curl_lock_data data, curl_lock_access access, void *argument) {
    (void)easy, (void)access;
    pthread_mutex_lock(&((ccurl_share *)argument)->locks[data]);
}

static inline void ccurl_unlock(CURL *easy, curl_lock_data data, void *argument) {
    (void)easy;
    pthread_mutex_unlock(&((ccurl_share *)argument)->locks[data]);
}

/// NULL when there is no memory: handles then share nothing.
static inline ccurl_share *ccurl_share_create(void) {
    ccurl_share *shared = calloc(1, sizeof *shared);
    if (shared == NULL) return NULL;
    shared->share = curl_share_init();
    if (shared->share == NULL) {
        free(shared);
        return NULL;
    }
    for (int kind = 0; kind < CURL_LOCK_DATA_LAST; kind++) pthread_mutex_init(&shared->locks[kind], NULL);
    curl_share_setopt(shared->share, CURLSHOPT_USERDATA, shared);
    curl_share_setopt(shared->share, CURLSHOPT_LOCKFUNC, ccurl_lock);
    curl_share_setopt(shared->share, CURLSHOPT_UNLOCKFUNC, ccurl_unlock);
    curl_share_setopt(shared->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(shared->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    return shared;
}

/// Every handle that used it must be gone.
static inline void ccurl_share_free(ccurl_share *shared) {
    if (shared == NULL) return;
    curl_share_cleanup(shared->share);
    for (int kind = 0; kind < CURL_LOCK_DATA_LAST; kind++) pthread_mutex_destroy(&shared->locks[kind]);
    free(shared);
}

static inline CURLSH *ccurl_share_handle(ccurl_share *shared) { return shared->share; }
