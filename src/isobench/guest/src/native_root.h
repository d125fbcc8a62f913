#ifndef ISOBENCH_NATIVE_ROOT_H
#define ISOBENCH_NATIVE_ROOT_H

#define EXIT_NATIVE 125
#define MAX_BINDS 64

struct bind {
    const char *source; /* on the host */
    const char *target; /* in the instance, absolute */
    int tree;           /* the source as a detached mount */
};

struct layout {
    const char *lower, *upper, *work, *root, *guest, *hostname;
    struct bind binds[MAX_BINDS];
    int bind_count;
};

/* Unless `result` is 0, say in one line what failed, with errno's reason, and exit with EXIT_NATIVE. */
void native_need(int result, const char *what);

/* In a fresh mount namespace: mount the overlay at layout->root and take hold of everything to be bound. */
void native_make_root(struct layout *layout);

/* In the first process of the pid namespace: make the overlay the root, and mount what init expects in it. */
void native_enter_root(const struct layout *layout);

#endif
