// libyaml's parser of events, for function files of SCAR's.
#include <yaml.h>
