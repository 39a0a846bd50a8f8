/* How the units of a part are computed: by several threads, in the modules that are compiled for a
 * memory that threads share, else one after the other.
 *
 * The thread that calls `train` opens one part after another, and every thread takes the next unit
 * that nobody has taken, so the work of a thread that is late, or not there, is done by the others.
 * Only one that ends amid a unit is waited for, and that in vain. */

#ifdef INKLING_THREADS

/* The numbers of a part, of its units and of the next unit to take, in one value, so that a thread
 * never takes a unit of a part that is over. */
typedef unsigned long long ticket;

static struct {
    ticket next;
    int done;     /* units of the part */
    int sleeping; /* threads that wait for a part */
    int helpers;  /* threads that have started, apart from the one that trains */
    struct part part;
    const struct step *step;
} team;

/* How often a thread looks before it sleeps, some 50 µs: longer than from one part to the next. */
#define LOOKS 20000
#define SLEEP_NS 200000LL
/* Sleeps after which a unit counts as lost: more than two seconds. */
#define MOST_SLEEPS 10000

static int units_in(ticket t) { return t >> 16 & 0xffff; }
static int unit_in(ticket t) { return t & 0xffff; }

/* Take units of the open part until none is left. */
static ticket take_units(int thread) {
    for (;;) {
        ticket t = __atomic_load_n(&team.next, __ATOMIC_SEQ_CST);
        if (unit_in(t) >= units_in(t)) return t;
        if (!__atomic_compare_exchange_n(&team.next, &t, t + 1, 0, __ATOMIC_SEQ_CST,
                                         __ATOMIC_SEQ_CST))
            continue;
        const struct step *step = team.step;
        float *work = step->work + thread * train_work_size(step);
        compute_unit(step, team.part, unit_in(t), work);
        __atomic_fetch_add(&team.done, 1, __ATOMIC_SEQ_CST);
    }
}

EXPORT int helpers(void) { return __atomic_load_n(&team.helpers, __ATOMIC_SEQ_CST); }

/* Take units of all parts that another thread opens. It never returns. */
EXPORT void help(int thread) {
    __atomic_fetch_add(&team.helpers, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        ticket seen = take_units(thread);
        int looks = 0;
        while (__atomic_load_n(&team.next, __ATOMIC_SEQ_CST) == seen && looks < LOOKS) looks++;
        if (looks < LOOKS) continue;
        __atomic_fetch_add(&team.sleeping, 1, __ATOMIC_SEQ_CST);
        __builtin_wasm_memory_atomic_wait64((long long *)&team.next, (long long)seen, -1);
        __atomic_fetch_sub(&team.sleeping, 1, __ATOMIC_SEQ_CST);
    }
}

static int compute(const struct step *step, struct part part) {
    if (part.units == 1) {
        compute_unit(step, part, 0, step->work);
        return 1;
    }
    team.step = step;
    team.part = part;
    team.done = 0;
    ticket number = (team.next >> 32) + 1;
    __atomic_store_n(&team.next, number << 32 | (ticket)part.units << 16, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&team.sleeping, __ATOMIC_SEQ_CST) > 0)
        __builtin_wasm_memory_atomic_notify((int *)&team.next, ~0u);
    take_units(0);
    for (int looks = 0, sleeps = 0;;) {
        int done = __atomic_load_n(&team.done, __ATOMIC_SEQ_CST);
        if (done == part.units) return 1;
        if (looks++ < LOOKS) continue;
        if (sleeps++ == MOST_SLEEPS) return 0;
        __builtin_wasm_memory_atomic_wait32(&team.done, done, SLEEP_NS);
    }
}

#else

static int compute(const struct step *step, struct part part) {
    for (int unit = 0; unit < part.units; unit++) compute_unit(step, part, unit, step->work);
    return 1;
}

#endif
