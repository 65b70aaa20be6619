// SHA-256 and HMAC.
#include <openssl/evp.h>
