# dynapg: Amazon DynamoDB on PostgreSQL. `make help` lists the targets.

EXTENSION = dynapg
EXTVERSION = 0.1.0
MODULE_big = dynapg
PGFILEDESC = "dynapg - Amazon DynamoDB on PostgreSQL"

PG_CONFIG ?= pg_config

# src/http/ is a library of its own, dynapg_http, loaded by the endpoint's workers only; so is src/out/, dynapg_out, loaded by processes
# of transfers.  What links libcrypto is in both of them, and not in the extension's own.
SHARED_OBJS = src/base/sigv4.o
HTTP_LIBRARY = dynapg_http
HTTP_OBJS = $(patsubst %.c, %.o, $(sort $(wildcard src/http/*.c))) $(SHARED_OBJS)
# The console's files are put into that library.
CONSOLE_FILES = $(sort $(wildcard src/http/console/*))
CONSOLE_DATA = src/http/console_files_data.h
OUT_LIBRARY = dynapg_out
OUT_OBJS = $(patsubst %.c, %.o, $(sort $(wildcard src/out/*.c))) $(SHARED_OBJS)
LIBRARIES = $(HTTP_LIBRARY)$(DLSUFFIX) $(OUT_LIBRARY)$(DLSUFFIX)
GRAMMARS = $(wildcard src/*.[yl] src/*/*.[yl])
SOURCES = $(sort $(filter-out src/http/% src/out/% $(SHARED_OBJS:.o=.c), $(wildcard src/*.c src/*/*.c)) $(addsuffix .c, $(basename $(GRAMMARS))))
OBJS = $(SOURCES:.c=.o)
# expr_scan.l takes its tokens from expr_gram.y: a scanner is compiled after its grammar was translated.
SCANNERS = $(filter %_scan.l, $(GRAMMARS))

# The extension's script is one file for PostgreSQL and one file a subject for us.
SCRIPT = $(EXTENSION)--$(EXTVERSION).sql
SCRIPT_PIECES = $(sort $(wildcard sql/install/*.sql))
DATA_built = $(SCRIPT)
DATA = $(wildcard sql/upgrade/*.sql)

# Objects of imports and exports are compressed.
SHLIB_LINK = -lz -lzstd

# -MMD -MP: the compiler writes down which headers an object needs, so that a changed header rebuilds it.
PG_CPPFLAGS = -Isrc -MMD -MP
PG_CFLAGS = -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
ifneq ($(filter-out 0, $(WERROR)),)
PG_CFLAGS += -Werror
endif

# A test called init, if there is one, makes what the others use.
REGRESS_NAMES = $(basename $(notdir $(wildcard sql/*.sql)))
REGRESS = $(filter init, $(REGRESS_NAMES)) $(sort $(filter-out init, $(REGRESS_NAMES)))
ISOLATION = $(sort $(basename $(notdir $(wildcard test/isolation/specs/*.spec))))
ISOLATION_OPTS = --inputdir=test/isolation
PROVE_TESTS = $(sort $(wildcard test/tap/*.pl))
ifneq ($(PROVE_TESTS),)
TAP_TESTS = 1
endif

EXTRA_CLEAN = $(CONSOLE_DATA) $(OBJS:.o=.d) $(HTTP_OBJS) $(HTTP_OBJS:.o=.d) $(OUT_OBJS) $(OUT_OBJS:.o=.d) $(LIBRARIES) $(addsuffix .c, $(basename $(GRAMMARS))) $(patsubst %.y, %.h, $(filter %.y, $(GRAMMARS))) .built-with

# On a bare machine there is no PGXS yet: `make test` and `make quickstart` install it. Debian's client package brings
# pgxs.mk without the headers.
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
SERVER_HEADERS := $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)
ifneq ($(and $(wildcard $(PGXS)),$(wildcard $(SERVER_HEADERS)/postgres.h)),)
# LLVM bitcode would need clang.
override with_llvm = no
include $(PGXS)

all: $(LIBRARIES)

$(HTTP_LIBRARY)$(DLSUFFIX): $(HTTP_OBJS)
	$(CC) $(CFLAGS) $(LDFLAGS) $(LDFLAGS_SL) -shared -o $@ $(HTTP_OBJS) -lmicrohttpd -lcrypto -lz

$(OUT_LIBRARY)$(DLSUFFIX): $(OUT_OBJS)
	$(CC) $(CFLAGS) $(LDFLAGS) $(LDFLAGS_SL) -shared -o $@ $(OUT_OBJS) -lcurl -lexpat -lcrypto

$(CONSOLE_DATA): $(CONSOLE_FILES) tools/embed_files.sh Makefile
	tools/embed_files.sh $(CONSOLE_FILES) >$@.new && mv $@.new $@
src/http/console_files.o: $(CONSOLE_DATA)

install: install-libraries
install-libraries: $(LIBRARIES) installdirs
	$(INSTALL_SHLIB) $(LIBRARIES) '$(DESTDIR)$(pkglibdir)/'

uninstall: uninstall-libraries
uninstall-libraries:
	rm -f $(addprefix '$(DESTDIR)$(pkglibdir)/', $(LIBRARIES))
.PHONY: install-libraries uninstall-libraries

$(SCRIPT): $(SCRIPT_PIECES) Makefile
	{ printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit'; cat $(SCRIPT_PIECES) </dev/null; } >$@

# Objects of one PostgreSQL major, or of other flags, are no good for another: this file changes with them.
.built-with: FORCE
	@echo '$(VERSION) $(CC) $(CPPFLAGS) $(CFLAGS)' | cmp -s - $@ || echo '$(VERSION) $(CC) $(CPPFLAGS) $(CFLAGS)' >$@

$(OBJS) $(HTTP_OBJS) $(OUT_OBJS): .built-with
$(SCANNERS:.l=.o): %_scan.o: %_gram.c
-include $(OBJS:.o=.d) $(HTTP_OBJS:.o=.d) $(OUT_OBJS:.o=.d)
else
all install installcheck clean:
	@echo "The headers of PostgreSQL's server were not found by '$(PG_CONFIG) --includedir-server'." >&2
	@echo "Install them (Debian: postgresql-server-dev-15) or set PG_CONFIG." >&2
	@exit 1
endif

test:
	@PG_CONFIG='$(PG_CONFIG)' WERROR='$(WERROR)' ONLY='$(ONLY)' scripts/test.sh

sanitize:
	@PG_CONFIG='$(PG_CONFIG)' SANITIZE=1 ONLY='$(ONLY)' scripts/test.sh

quickstart:
	@PG_CONFIG='$(PG_CONFIG)' scripts/quickstart.sh

bare:
	@ONLY='$(ONLY)' test/bare/run.sh

stress:
	@PG_CONFIG='$(PG_CONFIG)' test/stress/run.sh

stress-indexes:
	@PG_CONFIG='$(PG_CONFIG)' test/stress/indexes.sh

stress-transactions:
	@PG_CONFIG='$(PG_CONFIG)' test/stress/transactions.sh

stress-streams:
	@PG_CONFIG='$(PG_CONFIG)' test/stress/streams.sh

stress-exports:
	@PG_CONFIG='$(PG_CONFIG)' test/stress/exports.sh

stress-transfers:
	@export DYNAPG_EXPORT_KILLS=$${DYNAPG_EXPORT_KILLS:-20} DYNAPG_IMPORT_KILLS=$${DYNAPG_IMPORT_KILLS:-20} DYNAPG_COPY_KILLS=$${DYNAPG_COPY_KILLS:-20}; \
	PG_CONFIG='$(PG_CONFIG)' ONLY='export import copy' scripts/test.sh

stress-recovery:
	@export DYNAPG_RECOVERY_SECONDS=$${DYNAPG_RECOVERY_SECONDS:-600} DYNAPG_RECOVERY_RESTORES=$${DYNAPG_RECOVERY_RESTORES:-50} DYNAPG_RECOVERY_CRASHES=$${DYNAPG_RECOVERY_CRASHES:-10}; \
	PG_CONFIG='$(PG_CONFIG)' ONLY=recovery scripts/test.sh

stress-tenants:
	@PG_CONFIG='$(PG_CONFIG)' test/stress/tenants.sh

stress-throttling:
	@PG_CONFIG='$(PG_CONFIG)' test/stress/throttling.sh

stress-events:
	@PG_CONFIG='$(PG_CONFIG)' test/stress/events.sh
	@export DYNAPG_EVENT_KILLS=$${DYNAPG_EVENT_KILLS:-10}; \
	PG_CONFIG='$(PG_CONFIG)' ONLY=events scripts/test.sh

soak:
	@PG_CONFIG='$(PG_CONFIG)' test/soak/run.sh

clients:
	@PG_CONFIG='$(PG_CONFIG)' test/clients/run.sh

gui:
	@PG_CONFIG='$(PG_CONFIG)' test/gui/run.sh

differential:
	@PG_CONFIG='$(PG_CONFIG)' test/differential/run.sh

differential-patterns:
	@PG_CONFIG='$(PG_CONFIG)' test/differential/event_patterns.sh

deb:
	@scripts/deb.sh

test-deb:
	@test/packages/run.sh

test-container:
	@test/container/run.sh

test-upgrade:
	@PG_CONFIG='$(PG_CONFIG)' test/upgrade/run.sh

dist:
	@scripts/dist.sh

reference:
	@PG_CONFIG='$(PG_CONFIG)' scripts/reference.sh

compared:
	@PG_CONFIG='$(PG_CONFIG)' test/compared/run.sh

docs-check:
	@scripts/docs-check.sh

bench-auto-scaling:
	@PG_CONFIG='$(PG_CONFIG)' bash bench/auto-scaling.sh

bench:
	@test -f bench/run.sh || { echo "there are no benchmarks yet" >&2; exit 1; }
	@PG_CONFIG='$(PG_CONFIG)' bash bench/run.sh

help:
	@echo 'make               build the extension for the PostgreSQL of PG_CONFIG'
	@echo 'make install       install it there'
	@echo 'make installcheck  pg_regress, isolation and TAP tests, on a running server that has it installed'
	@echo 'make quickstart    a private server with the cities of the world in a table, and a tour'
	@echo 'make test          every test, on a private temporary server; installs what is missing with apt'
	@echo 'make sanitize      the same with AddressSanitizer and UndefinedBehaviorSanitizer'
	@echo 'make bare          `make quickstart` and `make test` on minimal Debian systems, as root: an hour; ONLY shortens it'
	@echo 'make stress        a million writes on few keys, with crashes: minutes'
	@echo 'make stress-transactions  a bank that is counted while the server is killed, races for tokens, histories checked by Porcupine: minutes'
	@echo 'make stress-indexes  random writers while indexes are built and dropped, with crashes; then indexes are compared with items: minutes'
	@echo 'make stress-streams  writers of every kind and readers of streams, with crashes and a promotion: minutes'
	@echo 'make stress-exports  exports while the server is killed twenty times, and, as root, to a full disk: minutes'
	@echo 'make stress-transfers  exports, imports, bulk puts and copies, each under twenty kills: minutes'
	@echo 'make stress-recovery  writers for ten minutes, with crashes and a promotion, then restores to 50 random moments: half an hour'
	@echo 'make stress-tenants  eight tenants of one table under an access policy, who make random requests of every operation: ten minutes'
	@echo 'make stress-throttling  more is asked of tables than they may give, with 1, 2 and 4 endpoint workers: 20 minutes'
	@echo 'make stress-events  a SQL function, a webhook that fails and an index of OpenSearch get events while the server is killed ten times; then what they have got is compared: minutes'
	@echo 'make soak          a million mixed HTTP requests, and whether the memory of the workers stays flat: minutes'
	@echo 'make clients       SDKs, the AWS CLI and object mappers against the HTTP endpoint'
	@echo "make gui           dynamodb-admin and the console in a headless Chromium, and Terraform's calls, against the HTTP endpoint"
	@echo 'make differential  20,000 random requests, answered by dynapg and by DynamoDB Local'
	@echo 'make differential-patterns  20,000 random event patterns, matched by dynapg and by Event Ruler'
	@echo 'make deb           Debian packages for the majors whose headers this system has, in build/deb'
	@echo 'make test-deb      packages of 15, 17 and 18 in minimal Debian systems, from installation to pg_upgrade, as root: minutes'
	@echo 'make test-container  the steps of the Containerfile in minimal Debian systems, and what they make put to use, as root: minutes'
	@echo 'make test-upgrade  what upgrades from released versions make, compared with a fresh installation: a minute'
	@echo 'make dist          the archive of a release, in build/'
	@echo 'make reference     docs/reference.md, from the catalog and pg_settings'
	@echo 'make compared      the operations in docs/compared.md, asked of dynapg, DynamoDB Local and dynalite'
	@echo 'make docs-check    links and spelling of the pages, META.json, the Containerfile'
	@echo 'make bench         the benchmarks'
	@echo 'make bench-auto-scaling  days of synthetic traffic through auto scaling and its forecast, on an injected clock: minutes'
	@echo 'make clean         remove what make built'
	@echo
	@echo 'PG_CONFIG=...      the pg_config of another PostgreSQL (15, 17, 18)'
	@echo 'WERROR=1           warnings are errors'

.PHONY: test sanitize quickstart bare stress stress-indexes stress-transactions stress-streams stress-exports stress-transfers stress-recovery stress-tenants stress-throttling stress-events soak clients gui differential differential-patterns deb test-deb test-container test-upgrade dist reference compared docs-check bench bench-auto-scaling help FORCE
.DEFAULT_GOAL = all
